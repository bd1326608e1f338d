package org.wardian.libvirt.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * libvirt's file of names and passwords, {@code auth.conf}: groups {@code [credentials-NAME]} with
 * {@code authname} and {@code password}, and {@code [auth-libvirt-HOST]} whose {@code credentials}
 * names one of them; {@code [auth-libvirt-default]} is for all other hosts.
 */
final class AuthFile {
  private static final long LONGEST = 1 << 20;
  private static final String CREDENTIALS = "credentials";

  private final Map<String, Map<String, String>> groups;

  /**
   * A name with its password.
   *
   * @param user null where the file has none
   */
  record Entry(String user, String password) {
    @Override
    public String toString() {
      return "Entry[" + user + "]";
    }
  }

  private AuthFile(Map<String, Map<String, String>> groups) {
    this.groups = groups;
  }

  /**
   * The file that counts: what the URI names, {@code $LIBVIRT_AUTH_FILE}, the user's, the host's.
   *
   * @throws IOException where the one that is named cannot be read, or is none
   */
  static Optional<AuthFile> find(ConnectionUri uri, Map<String, String> environment)
      throws IOException {
    String given = uri.parameters().getOrDefault("authfile", environment.get("LIBVIRT_AUTH_FILE"));
    if (given != null) {
      return Optional.of(read(Path.of(given)));
    }
    Path home = Path.of(environment.getOrDefault("HOME", "/"));
    String configuration = environment.getOrDefault("XDG_CONFIG_HOME", "");
    Path own = configuration.isEmpty() ? home.resolve(".config") : Path.of(configuration);
    for (Path path : List.of(own.resolve("libvirt/auth.conf"), Path.of("/etc/libvirt/auth.conf"))) {
      if (Files.isReadable(path)) {
        return Optional.of(read(path));
      }
    }
    return Optional.empty();
  }

  private static AuthFile read(Path path) throws IOException {
    if (Files.size(path) > LONGEST) {
      throw new IOException(
          path + " is no file of passwords: it has " + Files.size(path) + " bytes");
    }
    return parse(Files.readString(path), path.toString());
  }

  static AuthFile parse(String text, String name) throws IOException {
    Map<String, Map<String, String>> groups = new HashMap<>();
    Map<String, String> group = null;
    int number = 0;
    for (String line : text.lines().map(String::strip).toList()) {
      number++;
      int equals = line.indexOf('=');
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      } else if (line.startsWith("[") && line.endsWith("]")) {
        group =
            groups.computeIfAbsent(line.substring(1, line.length() - 1), any -> new HashMap<>());
      } else if (group != null && equals > 0) {
        group.put(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
      } else {
        throw new IOException(
            name + ", line " + number + ": expected [GROUP] or, within one, KEY=VALUE");
      }
    }
    return new AuthFile(groups);
  }

  /** What there is for a host. */
  Optional<Entry> entry(String host) {
    Optional<Map<String, String>> group =
        Stream.of("auth-libvirt-" + host, "auth-libvirt-default")
            .map(groups::get)
            .filter(one -> one != null)
            .findFirst();
    if (group.isEmpty()) {
      return Optional.empty();
    }
    String name = group.get().get(CREDENTIALS);
    Map<String, String> found = groups.get(CREDENTIALS + "-" + name);
    return Optional.ofNullable(found)
        .map(one ->
            new Entry(one.getOrDefault("authname", one.get("username")), one.get("password")));
  }
}
