/** The uploader's window. */
import '@fontsource-variable/hanken-grotesk'
import '../../../storefront/src/styles/base.css'
import '../../../storefront/src/styles/controls.css'
import '../../../storefront/src/styles/frame.css'
import './window.css'
import { render } from 'preact'
import { connect } from './line.ts'
import { Window } from './window.tsx'

render(<Window line={connect()} />, document.getElementById('root')!)
