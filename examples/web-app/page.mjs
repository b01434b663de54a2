// The pages: data in, HTML out.

const escape = (value) => String(value).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const page = (title, body) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Sample web application</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<main>
<p class="brand">Sample web application</p>
${body}
</main>
</html>`;

const table = (values) => `<dl>${Object.entries(values).map(([name, value]) => `
<div><dt>${escape(name)}</dt><dd>${escape(typeof value === 'string' ? value : JSON.stringify(value))}</dd></div>`).join('')}
</dl>`;

export const signedOut = () => page('Welcome', `
<h1>Hello, stranger</h1>
<p>Nobody is signed in here. Make an account, or use the one that you have.</p>
<p class="ways"><a class="button" href="/signup">Sign up</a> <a class="button second" href="/login">Sign in</a></p>`);

export const signedIn = (claims, notice) => page('Your account', `
<h1>Hello, ${escape(claims.nickname ?? claims.name ?? claims.sub)}</h1>
<p>You are signed in as <b>${escape(claims.email ?? claims.sub)}</b>.</p>
${notice ? `<p class="notice" role="status">${escape(notice)}</p>` : ''}
<form class="ways" method="post" action="/password">
<a class="button" href="/logout">Sign out</a>
<a class="button second" href="/me">Who am I?</a>
<button class="button second">Change password</button>
</form>
<h2>Your ID token says</h2>
${table(claims)}
<p class="hint">Chancery keeps the mails of development. To read the last one: <code>chancery mail show</code></p>`);

export const whoAmI = (answer) => page('Who am I?', `
<h1>Who am I?</h1>
<p>Chancery says so at this moment, at <code>/userinfo</code>.</p>
${table(answer)}
<p class="ways"><a class="button second" href="/">Back</a></p>`);

export const problem = (text) => page('That did not work', `
<h1>That did not work</h1>
<p class="notice" role="alert">${escape(text)}</p>
<p class="ways"><a class="button second" href="/">Back</a></p>`);
