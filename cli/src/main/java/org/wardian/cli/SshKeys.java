package org.wardian.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.wardian.boot.seed.CloudSeed;

/** Public keys of ssh, out of the user's files. */
final class SshKeys {
  private static final int MAX_FILE_BYTES = 1 << 20;

  private SshKeys() {}

  /**
   * The keys in files; where none is named, the user's own.
   *
   * @param named public keys, or private ones with the public one beside
   * @throws Failure if a named file has none
   */
  static List<String> read(List<Path> named) {
    List<String> keys = new ArrayList<>();
    if (named.isEmpty()) {
      for (Path file : own()) {
        try {
          keys.addAll(keys(file));
        } catch (IOException e) {
          // What nobody asked for by name need not be readable.
          continue;
        }
      }
      return keys.stream().distinct().toList();
    }
    for (Path file : named) {
      keys.addAll(named(file));
    }
    return keys.stream().distinct().toList();
  }

  private static List<String> named(Path file) {
    Path beside = file.resolveSibling(file.getFileName() + ".pub");
    try {
      List<String> keys = keys(file);
      if (keys.isEmpty() && Files.exists(beside)) {
        keys = keys(beside);
      }
      if (!keys.isEmpty()) {
        return keys;
      }
      throw new Failure(
          ExitStatus.USAGE,
          "--ssh-key " + file + " has no public key of ssh; ssh-keygen makes one, FILE.pub");
    } catch (NoSuchFileException e) {
      throw new Failure(ExitStatus.USAGE, "--ssh-key " + file + ": no such file", e);
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.USAGE, "--ssh-key " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static Set<Path> own() {
    Set<Path> files = new TreeSet<>();
    Path folder = Path.of(System.getProperty("user.home", ""), ".ssh");
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, "*.pub")) {
      stream.forEach(files::add);
    } catch (IOException e) {
      // Who has no such folder has no keys.
      return Set.of();
    }
    return files;
  }

  private static List<String> keys(Path file) throws IOException {
    if (Files.size(file) > MAX_FILE_BYTES) {
      throw new IOException("it is larger than " + MAX_FILE_BYTES + " bytes");
    }
    String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    return text.lines().map(String::strip).filter(CloudSeed::isPublicKey).toList();
  }
}
