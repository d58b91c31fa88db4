// Runs before anything is painted, so that a page that was dark yesterday does not flash white today.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem('poligon.theme');
  } catch {
    // Storage is switched off: the system decides.
  }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();
