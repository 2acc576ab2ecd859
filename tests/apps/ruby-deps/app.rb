require 'sinatra/base'

class App < Sinatra::Base
  get('/') do
    content_type :text
    "Hello from Sinatra\n"
  end
end
