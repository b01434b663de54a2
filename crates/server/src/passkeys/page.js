// A new passkey: what the browser says goes into the form.
const passkey = document.querySelector("form[data-passkey]");
if (passkey) {
  const problem = passkey.querySelector("[data-passkey-problem]");
  const tell = (text) => { problem.textContent = text; };
  passkey.addEventListener("submit", async (event) => {
    if (passkey.elements.credential.value) return;
    event.preventDefault();
    tell("");
    if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
      tell("This browser does not know passkeys, or not at an address without https.");
      return;
    }
    try {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(passkey.dataset.passkey));
      const made = await navigator.credentials.create({ publicKey });
      passkey.elements.credential.value = JSON.stringify(made);
      passkey.submit();
    } catch (error) {
      tell(error.name === "InvalidStateError" ? "This device has a passkey of yours already."
        : "No passkey was made. Try again, or go on with your password.");
    }
  });
}
