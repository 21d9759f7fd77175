// SPDX-License-Identifier: Apache-2.0

// A web client on libuv and undici.
fetch(process.argv[2])
  .then(async (response) => process.stdout.write(await response.text()))
  .catch((error) => {
    console.error(error.cause?.code ?? error.message, error.cause?.message ?? '');
    process.exitCode = 1;
  });
