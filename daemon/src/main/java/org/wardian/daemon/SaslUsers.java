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
import java.util.function.Function;
import org.wardian.libvirt.sasl.ScramCredential;

/**
 * Who may authenticate with a password: a file with a line {@code NAME:CREDENTIAL} for each, which
 * holds no password. It is read again when it has changed, so that a user may come or go while the
 * daemon runs.
 */
public final class SaslUsers implements Function<String, ScramCredential> {
  private static final System.Logger LOG = System.getLogger(SaslUsers.class.getName());

  private final Path file;
  private Map<String, ScramCredential> users = Map.of();
  private FileTime read;

  /** The users of a file; none where it is not there. */
  public SaslUsers(Path file) {
    this.file = file;
  }

  @Override
  public synchronized ScramCredential apply(String user) {
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

  private Map<String, ScramCredential> load() throws IOException {
    Map<String, ScramCredential> all = new HashMap<>();
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
        all.put(line.substring(0, colon), ScramCredential.parse(line.substring(colon + 1)));
      } catch (IllegalArgumentException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            file + ", line " + number + " is left out: " + e.getMessage());
      }
    }
    return all;
  }

  /** Adds a user, or gives one another password. */
  public synchronized void put(String user, String password) throws IOException {
    if (user.isEmpty() || user.startsWith("#") || user.indexOf(':') >= 0) {
      throw new IOException("'" + user + "' can be no user's name");
    }
    List<String> lines = new ArrayList<>();
    if (Files.exists(file)) {
      lines.addAll(Files.readAllLines(file));
    }
    lines.removeIf(line -> line.startsWith(user + ":"));
    lines.add(user + ":" + ScramCredential.of(password).toText());
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
