package org.wardian.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.libvirt.sasl.DigestCredential;
import org.wardian.libvirt.sasl.DigestServer;
import org.wardian.libvirt.sasl.ScramCredential;

/**
 * Who may authenticate with a password: a file with a line {@code NAME:CREDENTIAL} for each, which
 * holds no password; where DIGEST-MD5 was allowed when the password was given, {@code
 * :DIGEST-MD5:HASH} follows. It is read again when it has changed, so that a user may come or go
 * while the daemon runs.
 */
public final class SaslUsers {
  private static final System.Logger LOG = System.getLogger(SaslUsers.class.getName());

  private final Path file;
  private Map<String, User> users = Map.of();
  private FileTime read;

  private static final String DIGEST = ":" + DigestServer.NAME + ":";

  /** What is kept of a password; {@code digest} may be null. */
  private record User(ScramCredential scram, DigestCredential digest) {
    static User parse(String text) {
      int end = text.indexOf(DIGEST);
      return end < 0
          ? new User(ScramCredential.parse(text), null)
          : new User(
              ScramCredential.parse(text.substring(0, end)),
              DigestCredential.parse(text.substring(end + DIGEST.length())));
    }
  }

  /** The users of a file; none where it is not there. */
  public SaslUsers(Path file) {
    this.file = file;
  }

  /** What SCRAM knows a user by; null for a name that nobody has. */
  public ScramCredential scram(String name) {
    User user = user(name);
    return user == null ? null : user.scram();
  }

  /** What DIGEST-MD5 knows a user by; null where there is nothing. */
  public DigestCredential digest(String name) {
    User user = user(name);
    if (user != null && user.digest() == null) {
      LOG.log(
          System.Logger.Level.WARNING,
          () ->
              "user "
                  + name
                  + " got the password when DIGEST-MD5 was not in sasl_mechanisms, and cannot use"
                  + " that: give it again by ward daemon --add-user");
    }
    return user == null ? null : user.digest();
  }

  private synchronized User user(String user) {
    try {
      FileTime changed = Files.exists(file) ? Files.getLastModifiedTime(file) : null;
      if (changed == null) {
        users = Map.of();
      } else if (!changed.equals(read)) {
        users = load();
      }
      read = changed;
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "the users of " + file + " cannot be read", e);
    }
    return users.get(user);
  }

  private Map<String, User> load() throws IOException {
    Map<String, User> all = new HashMap<>();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      int colon = line.indexOf(':');
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      try {
        if (colon < 1) {
          throw new IllegalArgumentException("it is not of the form NAME:CREDENTIAL");
        }
        all.put(line.substring(0, colon), User.parse(line.substring(colon + 1)));
      } catch (IllegalArgumentException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            file + ", line " + number + " is left out: " + e.getMessage());
      }
    }
    return all;
  }

  /**
   * Adds a user, or gives one another password.
   *
   * @param digest whether it is for DIGEST-MD5 too, for which something has to be kept that is
   *     nearly as good as the password
   */
  public synchronized void put(String user, String password, boolean digest) throws IOException {
    if (user.isEmpty() || user.startsWith("#") || user.indexOf(':') >= 0) {
      throw new IOException("'" + user + "' can be no user's name");
    }
    List<String> lines = new ArrayList<>();
    if (Files.exists(file)) {
      lines.addAll(Files.readAllLines(file));
    }
    lines.removeIf(line -> line.startsWith(user + ":"));
    lines.add(
        user
            + ":"
            + ScramCredential.of(password).toText()
            + (digest ? DIGEST + DigestCredential.of(user, password).toText() : ""));
    Path parent = file.toAbsolutePath().getParent();
    Files.createDirectories(parent);
    Path fresh =
        Files.createTempFile(
            parent,
            file.getFileName().toString(),
            ".new",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.write(fresh, lines);
    Files.move(fresh, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
  }
}
