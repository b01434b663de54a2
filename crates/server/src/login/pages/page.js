// What is more comfortable with a script: showing a password, and sending a form that needs no decision.
for (const button of document.querySelectorAll(".reveal")) {
  const field = document.getElementById(button.getAttribute("aria-controls"));
  const names = [button.getAttribute("aria-label"), button.dataset.hide];
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-label", names[Number(shown)]);
    button.classList.toggle("shown", shown);
  });
  // Password managers remember what is a password when the form is sent.
  field.form.addEventListener("submit", () => { field.type = "password"; });
}
const sent = document.querySelector("form[data-sends-itself]");
// A button that is called submit hides the method of the form.
if (sent) HTMLFormElement.prototype.submit.call(sent);
// A passkey in place of a password, where the browser knows passkeys. What it says goes into the form.
const passkey = document.querySelector("form[data-passkey]");
if (passkey && window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON) {
  passkey.hidden = false;
  passkey.addEventListener("submit", (event) => {
    if (passkey.elements.credential.value) return;
    event.preventDefault();
    const button = passkey.querySelector("button");
    button.disabled = true;
    // No `async`: a browser that does not know the word would read nothing of this file.
    new Promise((asked) => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(passkey.dataset.passkey));
      asked(navigator.credentials.get({ publicKey }));
    }).then((credential) => {
      passkey.elements.credential.value = JSON.stringify(credential);
      passkey.submit();
    }).catch(() => {
      // Whoever changed their mind can type.
      button.disabled = false;
    });
  });
}
