/** What a fetch may reach: no way into the network that km is in, however it is written. */
import { describe, expect, test } from "bun:test";
import { type Address, type LookUp, vettedAddresses } from "../../../src/services/utilities/vetted-host.ts";

const PUBLIC: Address = { address: "93.184.216.34", family: 4 };

function answering(...addresses: string[]): LookUp {
  return async () =>
    await Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
}

async function outcome(
  url: string,
  allowed: string[] = [],
  lookUp: LookUp = answering(PUBLIC.address),
): Promise<string> {
  try {
    const addresses = await vettedAddresses(new URL(url), allowed, lookUp);
    return addresses.map(({ address }) => address).join(" ");
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

describe("vettedAddresses", () => {
  test.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0.0.0.0/",
    "http://0/",
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://x.localhost/",
    "http://10.0.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.100.100.200/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[fec0::1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", // Teredo, of 127.0.0.1
    "http://[2001:db8::1]/",
    "http://[100::1]/",
    "http://[5f00::1]/",
    "http://168.63.129.16/machine?comp=goalstate",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://240.0.0.1/",
    "http://169.254.169.254./",
    "http://127.0.0.1%2e/",
    "http://127\u30020\u30020\u30021/",
    "http://\u24dbocalhost/",
    "http://loc\u00adalhost/",
    "http:127.0.0.1",
    "http:\\\\127.0.0.1\\",
    "http:///127.0.0.1/",
    "http://127.0.0.1:65535/",
    "http://metadata/",
    "http://instance-data.ec2.internal/",
    "http://router/",
    "http://nas.local/",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://\u2460\u2461\u2466.0.0.1/",
  ])("refuses %s", async (url) => {
    expect(await outcome(url)).toBe("SVC_002");
  });

  test("refuses a public name whose addresses are not all public", async () => {
    for (const own of ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"]) {
      expect(await outcome("https://example.com/", [], answering(own))).toBe("SVC_002");
      expect(await outcome("https://example.com/", [], answering(PUBLIC.address, own))).toBe("SVC_002");
    }
  });

  test("takes what is public, and says where to connect", async () => {
    expect(await outcome("https://example.com/?a=1&b=$x;'y'")).toBe(PUBLIC.address);
    expect(await outcome("http://93.184.216.34:8080/")).toBe("93.184.216.34");
    expect(await outcome("http://[2606:2800:220:1::1]/")).toBe("2606:2800:220:1::1");
  });

  test("takes private hosts that were allowed, and no others", async () => {
    expect(await outcome("http://10.1.2.3/", ["10.1.0.0/16"])).toBe("10.1.2.3");
    expect(await outcome("http://10.2.2.3/", ["10.1.0.0/16"])).toBe("SVC_002");
    expect(await outcome("http://wiki.internal/", ["*.internal"], answering("10.9.9.9"))).toBe("10.9.9.9");
    expect(await outcome("http://evil.example/", ["*.internal"], answering("10.9.9.9"))).toBe("SVC_002");
    expect(await outcome("http://evil.example/", ["10.9.9.0/24"], answering("10.9.9.9"))).toBe("10.9.9.9");
  });

  test.each(["1", "22", "25", "53", "110", "143", "445", "631", "1023"])("refuses port %s", async (port) => {
    expect(await outcome(`http://example.com:${port}/`)).toBe("SVC_002");
    expect(await outcome(`https://93.184.216.34:${port}/`)).toBe("SVC_002");
    expect(await outcome(`http://10.1.2.3:${port}/`, ["10.1.2.3"])).toBe("10.1.2.3");
  });

  test("takes the usual ports, and those from 1024 on", async () => {
    for (const port of ["80", "443", "1024", "8080"]) {
      expect(await outcome(`http://example.com:${port}/`)).toBe(PUBLIC.address);
      expect(await outcome(`https://example.com:${port}/`)).toBe(PUBLIC.address);
    }
  });

  test("refuses a zone of a link, and what a look-up says with one", async () => {
    expect(URL.canParse("http://[fe80::1%25eth0]/")).toBe(false);
    expect(await outcome("http://example.com/", [], answering("fe80::1%eth0"))).toBe("SVC_002");
  });

  test("refuses other schemes, and names and passwords", async () => {
    for (const url of [
      "file:///etc/passwd",
      "ftp://example.com/",
      "gopher://example.com/",
      "https://a:b@example.com/",
    ]) {
      expect(await outcome(url)).toBe("SVC_001");
    }
  });

  test("says so where a name has no address", async () => {
    expect(await outcome("https://example.com/", [], answering())).toBe("SVC_003");
    const unknown: LookUp = async () => await Promise.reject(Object.assign(new Error("x"), { code: "ENOTFOUND" }));
    expect(await outcome("https://example.com/", [], unknown)).toBe("SVC_003");
  });
});
