import { describeWatching } from './watch.suite.ts'

describeWatching('directories')
describeWatching('chokidar')
describeWatching('parcel')
