// Builds the dashboard and writes it as a C++ source file: web/assets.hpp declares what it defines.
//   node embed.mjs <work directory> <output.cpp>
//   node embed.mjs --install      only the packages, for tests
// Packages are installed once per package-lock.json, into node_modules beside this file.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = path.dirname(fileURLToPath(import.meta.url));
const [work, output] = process.argv.slice(2);
const types = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };

function run(program, args, cwd) {
  try {
    execFileSync(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (failure) {
    console.error(`${failure.stdout ?? ''}${failure.stderr ?? ''}`);
    throw new Error(`${program} ${args.join(' ')} failed`);
  }
}

// Installed beside and moved in whole: two builds at once, or one that was killed, leave no half of it.
function install() {
  const modules = path.join(here, 'node_modules');
  const stamp = path.join(modules, '.gasper-lock');
  const lock = createHash('sha256').update(fs.readFileSync(path.join(here, 'package-lock.json'))).digest('hex');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === lock) return;
  const fresh = fs.mkdtempSync(path.join(here, '.install-'));
  try {
    for (const file of ['package.json', 'package-lock.json']) fs.copyFileSync(path.join(here, file), path.join(fresh, file));
    run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], fresh);
    fs.writeFileSync(path.join(fresh, 'node_modules', '.gasper-lock'), lock);
    if (fs.existsSync(modules)) fs.renameSync(modules, path.join(fresh, 'old'));
    fs.renameSync(path.join(fresh, 'node_modules'), modules);
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
}

function literal(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 4096) {
    let line = '';
    for (const b of bytes.subarray(at, at + 4096)) {
      const plain = b >= 32 && b < 127 && b !== 34 && b !== 92 && b !== 63;
      line += plain ? String.fromCharCode(b) : `\\${b.toString(8).padStart(3, '0')}`;
    }
    lines.push(`"${line}"`);
  }
  return `std::string_view(${lines.join('\n') || '""'}, ${bytes.length})`;
}

function entry(root, file) {
  const name = `/${path.relative(root, file).split(path.sep).join('/')}`;
  const plain = fs.readFileSync(file);
  const gzip = gzipSync(plain, { level: 9 });
  const tag = createHash('sha256').update(plain).digest('hex').slice(0, 24);
  const type = types[path.extname(file).slice(1)] ?? 'application/octet-stream';
  const packed = gzip.length < plain.length * 0.9 ? literal(gzip) : 'std::string_view()';
  return `{"${name}", "${type}", "\\"${tag}\\"", ${name.startsWith('/assets/')},\n${literal(plain)},\n${packed}}`;
}

const files = (at) => fs.readdirSync(at, { withFileTypes: true })
  .flatMap((e) => (e.isDirectory() ? files(path.join(at, e.name)) : [path.join(at, e.name)])).sort();

install();
if (work === '--install') process.exit(0);
const tools = path.join(here, 'node_modules');
run(process.execPath, [path.join(tools, 'typescript/bin/tsc'), '--noEmit'], here);
const dist = path.resolve(work, 'dist');
run(process.execPath, [path.join(tools, 'vite/bin/vite.js'), 'build', '--outDir', dist, '--emptyOutDir'], here);
const entries = files(dist).map((file) => entry(dist, file));
fs.writeFileSync(`${output}.new`, `// Written by web/dashboard/embed.mjs.
#include "web/assets.hpp"

namespace gasper::web {

std::span<const asset> assets() {
    static const asset all[] = {
${entries.join(',\n')}};
    return all;
}

}  // namespace gasper::web
`);
fs.renameSync(`${output}.new`, output);
