import { openMemoryStore } from './memory.ts'
import { storeContract } from './store.suite.ts'

storeContract(async () => openMemoryStore())
