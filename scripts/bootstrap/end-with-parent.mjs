// Loaded into the program before its own code: should the bootstrap be killed outright, end as if asked to.
if (process.channel) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel.unref()
}
