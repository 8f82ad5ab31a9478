import { describeContainers } from './containers.suite.ts'
import { standIn } from './fixture.ts'

describeContainers('a stand-in for Podman', () => standIn())
