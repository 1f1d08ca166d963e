// Shows what was typed as a password, as long as one likes. It is sent, and remembered by the browser, as a password.
for (const button of document.querySelectorAll(".reveal")) {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const { hide } = button.dataset;
  const show = button.title;
  const turn = (shown) => {
    input.type = shown ? "text" : "password";
    button.title = shown ? hide : show;
    button.setAttribute("aria-label", button.title);
    button.classList.toggle("shown", shown);
  };
  button.addEventListener("click", () => {
    turn(input.type === "password");
    input.focus();
  });
  input.form?.addEventListener("submit", () => turn(false));
  button.hidden = false;
}
