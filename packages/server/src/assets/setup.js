// The set-up code stands behind the # of the link, which browsers send to nobody. Without script people paste it.
const field = document.querySelector("input[name=code]");
const code = location.hash.slice(1);
if (field && code) {
  field.value = code;
  history.replaceState(null, "", location.pathname);
  document.querySelector("input[name=email]")?.focus();
}
