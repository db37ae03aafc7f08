// A form whose proof is a passkey: the browser asks for fingerprint, face or key, then it is sent.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function readable(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const one of [...(options.allowCredentials ?? []), ...(options.excludeCredentials ?? [])]) one.id = bytes(one.id);
  return options;
}

function written({ id, rawId, type, response, authenticatorAttachment }) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const kept = parts.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  return JSON.stringify({ id, rawId: text(rawId), type, authenticatorAttachment, response: Object.fromEntries(kept), clientExtensionResults: {} });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    const failed = form.querySelector("[data-passkey-failed]");
    failed.hidden = true;
    try {
      const publicKey = readable(JSON.parse(form.dataset.options));
      const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
      form.elements.credential.value = written(credential);
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}
