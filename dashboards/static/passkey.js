// A form whose proof is a passkey: the browser asks for fingerprint, face or key, then it is sent.
const read = { create: "parseCreationOptionsFromJSON", get: "parseRequestOptionsFromJSON" };
for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    const failed = form.querySelector("[data-passkey-failed]"), kind = form.dataset.passkey;
    failed.hidden = true;
    try {
      const publicKey = PublicKeyCredential[read[kind]](JSON.parse(form.dataset.options));
      form.elements.credential.value = JSON.stringify(await navigator.credentials[kind]({ publicKey }));
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}
