// Who comes, and the page on which a click signs them in. What is asked goes on with the form.
export const user = {
  id: 'lin',
  displayName: 'Lin of Corp',
  name: { givenName: 'Lin', familyName: 'Corp' },
  emails: [{ value: 'lin@corp.example' }],
};

export const page = (request, response) => {
  const fields = Object.entries({ ...request.query, ...request.body });
  const escaped = (text) => String(text).replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
  const inputs = fields.map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
  const method = request.method === 'GET' ? 'get' : 'post';
  response.send(`<!doctype html><title>Provider</title><form method="${method}" action="/signed-in">${inputs.join('')}` +
    '<button>Sign in as Lin</button></form>');
};
