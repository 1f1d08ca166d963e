// The code stands behind the # of the link, which browsers send to nobody. Without script people paste it.
function takeCode() {
  const field = document.querySelector("input[name=code]");
  const code = location.hash.slice(1);
  // The summary of errors links to fields by the same means: the name of an element is no code.
  if (!field || !code || document.getElementById(code)) return;
  field.value = code;
  history.replaceState(null, "", location.pathname);
  document.querySelector("input[name=email], input[name=password]")?.focus();
}

takeCode();
// Opening the link where this page is open already loads nothing anew.
addEventListener("hashchange", takeCode);
