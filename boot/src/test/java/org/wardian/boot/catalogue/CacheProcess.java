package org.wardian.boot.catalogue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A second process that uses a cache. */
final class CacheProcess {
  private CacheProcess() {}

  /** Ensures the default guest; prints the kernel's hash, or the error's kind and message. */
  public static void main(String[] arguments) throws IOException {
    Path cache = Path.of(arguments[0]);
    String mirror = arguments[1];
    byte[] key = Files.readAllBytes(Path.of(arguments[2]));
    ArchiveKeys keys = ArchiveKeys.read(new ByteArrayInputStream(key), Set.of(arguments[3]));
    DebianMirrors mirrors =
        new DebianMirrors(
            List.of(URI.create(mirror + "/debian")),
            List.of(URI.create(mirror + "/debian-security")));
    ImageCache images = new ImageCache(cache, "bookworm", new TestAccess(mirrors, keys));
    try {
      ProgressListener progress = new TerminalProgress(System.err, false);
      System.out.println(Sha256.of(images.ensure("debian-cloud", progress).kernel()));
    } catch (CatalogueException e) {
      System.out.println(e.kind() + ": " + e.getMessage());
      System.exit(1);
    }
  }

  /** The command line of such a process. */
  static List<String> command(Path cache, TestMirror mirror, TestKey key, Path scratch)
      throws IOException {
    Path keyFile = scratch.resolve("key.asc");
    Files.write(keyFile, key.armoured());
    return new ArrayList<>(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            CacheProcess.class.getName(),
            cache.toString(),
            mirror.address(),
            keyFile.toString(),
            key.fingerprint()));
  }

  static Process start(List<String> command, Path output) throws IOException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  /** Waits for the end, with a bound against a test that would hang for ever. */
  static int status(Process process) throws InterruptedException {
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("the process did not end");
    }
    return process.exitValue();
  }
}
