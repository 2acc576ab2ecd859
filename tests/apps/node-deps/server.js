const express = require('express')

const app = express()
app.get('/', (request, response) => response.type('text').send('Hello from Express\n'))
const server = app.listen(process.env.PORT, '0.0.0.0')
server.keepAliveTimeout = 75_000
process.on('SIGTERM', () => process.exit(0))
