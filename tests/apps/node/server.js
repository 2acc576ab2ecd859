const http = require('node:http')

const server = http.createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
  response.end('Hello from Node.js\n')
})
server.keepAliveTimeout = 75_000
server.listen(process.env.PORT, '0.0.0.0')
process.on('SIGTERM', () => process.exit(0))
