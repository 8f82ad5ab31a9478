// Sets the theme before the first paint. A file of its own because our content policy allows no inline script.
{
  let chosen = null
  try {
    chosen = localStorage.getItem('tandem.theme')
  } catch {
    // Storage is blocked: follow the system.
  }
  const light = chosen ? chosen === 'light' : matchMedia('(prefers-color-scheme: light)').matches
  document.documentElement.dataset.theme = light ? 'light' : 'dark'
}
