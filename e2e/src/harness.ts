// What drives Tandem from outside, for the flows here and for the benchmarks.
export { openBrowser } from './harness/browser.ts'
export { accessToken, connect, connectTo, pathsOf, type RawDocument } from './harness/documents.ts'
export { openLine, type Line } from './harness/line.ts'
export { startMirror, type OtherMirror } from './harness/mirror.ts'
export { processesBelow } from './harness/processes.ts'
export { openTab, type Tab } from './harness/tabs.ts'
export { cleanUp, startTandem, tempFolder, type Tandem } from './harness/tandem.ts'
export { until } from './harness/until.ts'
