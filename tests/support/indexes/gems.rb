# gems.rb OUT NAME[=VERSION]...: installed gems of Debian and what they depend on, as gems in an index for bundler.
# VERSION: what it shall be called; Debian's security updates move some gems on, and the samples' lock files stay.
require 'fileutils'
require 'rubygems/package'
require 'tmpdir'

out = File.expand_path(ARGV.shift)
FileUtils.mkdir_p("#{out}/gems")

def with_dependencies(names)
  found = {}
  until names.empty?
    name = names.shift
    next if found.key?(name)

    spec = Gem::Specification.find_by_name(name)
    found[name] = spec
    names.concat(spec.runtime_dependencies.map(&:name))
  end
  found.values
end

# Where a file of the Debian package belongs in a gem; nil: nowhere.
def place_in_gem(file, spec)
  case file
  when %r{\A/usr/lib/ruby/vendor_ruby/(.*)} then "lib/#{$1}"
  when %r{\A/usr/lib/[^/]+/ruby/vendor_ruby/[\d.]+/(.*\.so)\z} then "lib/#{$1}"
  when %r{/rubygems-integration/[^/]+/extensions/[^/]+/[^/]+/[^/]+/(.*\.so)\z} then "lib/#{$1}"
  when %r{\A/usr/bin/(.*)} then spec.executables.include?($1) ? "#{spec.bindir}/#{$1}" : nil
  when %r{/rubygems-integration/[^/]+/gems/[^/]+/(.*)} then $1
  end
end

def repack(spec, directory, out)
  package = `dpkg -S #{spec.loaded_from}`.split(':').first
  files = `dpkg -L #{package}`.split("\n").select { |f| File.file?(f) }
  places = files.to_h { |f| [f, place_in_gem(f, spec)] }.compact
  places.each do |from, to|
    FileUtils.mkdir_p(File.dirname("#{directory}/#{to}"))
    FileUtils.cp(from, "#{directory}/#{to}")
  end
  gem = Gem::Specification.new do |g|
    g.name = spec.name
    g.version = CALLED.fetch(spec.name, spec.version)
    g.summary = spec.summary || spec.name
    g.authors = spec.authors.empty? ? ['Debian'] : spec.authors
    g.files = places.values.uniq
    g.require_paths = ['lib']
    g.bindir = spec.bindir
    g.executables = spec.executables.select { |e| places.value?("#{spec.bindir}/#{e}") }
    spec.runtime_dependencies.each { |d| g.add_runtime_dependency(d.name, *d.requirement.as_list) }
  end
  Dir.chdir(directory) { FileUtils.mv(Gem::Package.build(gem, true), "#{out}/gems/") }
end

CALLED = ARGV.filter_map { |a| a.split('=', 2) if a.include?('=') }.to_h
with_dependencies(ARGV.map { |a| a.split('=').first }).each do |spec|
  next if spec.default_gem?

  Dir.mktmpdir { |directory| repack(spec, directory, out) }
end
system('gem', 'generate_index', '--directory', out, exception: true)
