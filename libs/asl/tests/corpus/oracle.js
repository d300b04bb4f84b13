// What asl-validator says: node oracle.js PACKAGE FILE... prints {"FILE": true or false, ...}.
const { readFileSync } = require("fs");
const [, , package_, ...files] = process.argv;
const validate = require(package_);
const verdicts = {};
for (const file of files) {
  verdicts[file] = validate(JSON.parse(readFileSync(file, "utf8"))).isValid;
}
process.stdout.write(JSON.stringify(verdicts));
