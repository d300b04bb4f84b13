// Runs jsonata over expressions from standard input and prints what each comes to.
const jsonata = require(process.argv[2]);

let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", async () => {
  const { data, expressions } = JSON.parse(text);
  const answers = [];
  for (const expression of expressions) {
    let compiled;
    try {
      compiled = jsonata(expression);
    } catch (error) {
      answers.push({ refused: `${error.code}: ${error.message} at position ${error.position}` });
      continue;
    }
    try {
      const value = await compiled.evaluate(undefined, { d: JSON.parse(JSON.stringify(data)) });
      const isFunction = value && (value._jsonata_function || value._jsonata_lambda);
      if (isFunction || typeof value === "function") answers.push({ other: "function" });
      else if (value === undefined) answers.push({ other: "undefined" });
      else answers.push({ json: JSON.stringify(value) });
    } catch (error) {
      answers.push({ threw: `${error.code}: ${error.message}` });
    }
  }
  process.stdout.write(JSON.stringify(answers));
});
