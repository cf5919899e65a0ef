// Writes the N-Quads of a JSON-LD file; nothing is loaded from the network.
const jsonld = require("jsonld");
const fs = require("fs");
const documentLoader = async (url) => {
  throw new Error(`the document asks for ${url}`);
};
jsonld
  .toRDF(JSON.parse(fs.readFileSync(process.argv[2], "utf8")), { format: "application/n-quads", documentLoader })
  .then((text) => process.stdout.write(text))
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
