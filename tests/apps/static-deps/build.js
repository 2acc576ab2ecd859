// Pages from Markdown, as static site generators do.
const fs = require('node:fs')
const { marked } = require('marked')

fs.mkdirSync('dist', { recursive: true })
for (const page of fs.readdirSync('pages')) {
  const text = fs.readFileSync(`pages/${page}`, 'utf8')
  const title = text.split('\n')[0].replace(/^# /, '')
  fs.writeFileSync(`dist/${page.replace(/\.md$/, '.html')}`, `${title}\n<!doctype html>\n${marked.parse(text)}`)
}
