// Runs before the first paint, as a classic script: a chosen theme and language must not flash in late.
document.documentElement.dataset.theme = localStorage.getItem('kerbside.theme') ?? 'auto';
document.documentElement.lang =
  localStorage.getItem('kerbside.language') ?? (navigator.language.startsWith('zh') ? 'zh-CN' : 'en');
