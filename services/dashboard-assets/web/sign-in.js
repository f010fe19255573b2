// Where a server wants a token: a box that asks for one, and the button that ends what it began.
import { api } from "./api.js";
import { h, replace, setText } from "./dom.js";

function form() {
    const error = h("p", { class: "field-error", role: "alert" });
    const field = h("input", {
        type: "password", id: "token", autocomplete: "current-password", spellcheck: "false", required: true,
        placeholder: "hg_…",
    });
    const button = h("button", { type: "submit", class: "button primary" }, "Sign in");
    const element = h("form", { class: "sign-in" },
        h("h2", { id: "sign-in-title" }, "Sign in"),
        h("p", {}, "This Heliograph shows its data to those who have a token with the scope ", h("code", {}, "read"), "."),
        h("label", { for: "token" }, "Token"), field, error, button,
        h("p", { class: "hint" }, "Whoever runs the server makes one: ",
            h("code", {}, "heliograph token create --name me --scope read")));
    element.addEventListener("submit", async (event) => {
        event.preventDefault();
        button.disabled = true;
        setText(error, "");
        try {
            await api.signIn(field.value.trim());
            location.reload();
        } catch (failure) {
            setText(error, failure.status === 401 || failure.status === 403
                ? `Not this one: ${failure.message}.` : `It did not work: ${failure.message}.`);
            button.disabled = false;
            field.select();
        }
    });
    return element;
}

/** Shows the box, once, over whatever is on the page. */
export function askForToken(dialog) {
    if (dialog.open) return;
    replace(dialog, form());
    // There is nothing behind it to go back to.
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.showModal();
}

/** Says whether the page may go on; otherwise it asks for a token. */
export async function startSignIn(dialog, signOut) {
    document.addEventListener("heliograph:token-needed", () => askForToken(dialog));
    let session;
    try {
        session = await api.session();
    } catch {
        // Whatever is the matter, the page's own requests will say.
        return true;
    }
    if (session.token_needed && !session.signed_in) {
        askForToken(dialog);
        return false;
    }
    signOut.hidden = !session.signed_in;
    signOut.title = `Signed in with the token ${session.name ?? ""}`;
    signOut.addEventListener("click", async () => {
        await api.signOut();
        location.reload();
    });
    return true;
}
