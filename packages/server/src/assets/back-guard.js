// A page that a browser kept alive while somebody signed out shows nothing: it is asked for again, and the server decides.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.documentElement.hidden = true;
  location.reload();
});
