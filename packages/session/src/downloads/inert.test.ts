/** Which kept files a browser may run: none. */
import { expect, it } from 'vitest'
import { inertType } from './inert.ts'

it.each([
  'text/html', 'TEXT/HTML; charset=utf-8', ' text/html', 'text/xml', 'text/xsl', 'application/xml', 'application/xhtml+xml', 'image/svg+xml', 'application/atom+xml',
  'text/javascript', 'application/javascript', 'application/x-javascript', 'application/ecmascript', 'multipart/x-mixed-replace; boundary=x', 'multipart/related', 'model/x3d+xml', 'model/vnd.collada+xml', 'font/x+xml', 'image/svg', 'image/svg+xml;x=model/obj', '', 'nonsense', '*/*', 'model/obj, text/html', 'image/png;x, text/html', 'text/plain;,text/html', 'application/unknown',
])('a file of type %j opens as bytes', (type) => {
  expect(inertType(type)).toBe('application/octet-stream')
})

it.each(['model/gltf-binary', 'model/obj', 'image/png', 'application/pdf', 'application/zip', 'text/plain', 'application/octet-stream'])('a file of type %j keeps it', (type) => {
  expect(inertType(type)).toBe(type)
})
