// Starts Swagger UI. The page can't do it itself: its Content-Security-Policy allows no inline script.

const dark = window.matchMedia('(prefers-color-scheme: dark)')
const showScheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', showScheme)
showScheme()

const viewer = document.getElementById('viewer')
window.SwaggerUIBundle({
  domNode: viewer,
  url: viewer.dataset.openapi,
  deepLinking: true,
  docExpansion: 'list',
  displayRequestDuration: true,
  filter: true,
  defaultModelsExpandDepth: 0,
  syntaxHighlight: { theme: 'obsidian' },
  tryItOutEnabled: true,
  validatorUrl: null, // no request to a validator elsewhere
})

// Names and keyboard focus that Swagger UI leaves out (axe: select-name, button-name, label, scrollable-region-focusable)
const NAMES = {
  '#servers': 'Server',
  '.examples-select-element': 'Example',
  '.close-modal': 'Close',
  '.body-param__text': 'Request body',
  '.opblock-section-request-body input[type=file]': 'File',
}
const mend = () => {
  for (const [selector, name] of Object.entries(NAMES)) {
    for (const element of viewer.querySelectorAll(selector)) element.setAttribute('aria-label', name)
  }
  for (const block of viewer.querySelectorAll('pre:not([tabindex])')) block.tabIndex = 0
}
new MutationObserver(mend).observe(viewer, { childList: true, subtree: true })
