package org.wardian.boot.seed;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What cloud-init tells a new system of itself: its first user, keys, name and network cards, on a
 * volume for its data source NoCloud (cloud-init documentation, "NoCloud").
 *
 * <p>The documents are written as JSON, which every reader of YAML takes: there is nothing to
 * escape in another way.
 *
 * @param hostname the system's name: letters, digits and {@code -}
 * @param user the first user's name, who may become root without a password
 * @param keys lines of {@code authorized_keys}
 * @param password the first user's, for the console and ssh; without one the console lets him in
 *     unasked
 * @param cards how many network cards get their address by DHCP
 */
public record CloudSeed(
    String hostname, String user, List<String> keys, Optional<String> password, int cards) {
  /** The volume's name, by which cloud-init finds it. */
  public static final String LABEL = "cidata";

  /** The file by which the system's console knows who need not log in. */
  private static final String CONSOLE_LOGIN = "/etc/default/console-login";

  private static final int MAX_KEYS = 1000;
  private static final int MAX_CARDS = 64;
  private static final JsonFactory JSON = new JsonFactory();

  /** Users and groups of a new Debian, whose names a further user cannot have. */
  private static final Set<String> TAKEN =
      Set.of(
          "_apt",
          "adm",
          "audio",
          "backup",
          "bin",
          "cdrom",
          "crontab",
          "daemon",
          "dialout",
          "dip",
          "disk",
          "fax",
          "floppy",
          "games",
          "input",
          "irc",
          "kmem",
          "kvm",
          "list",
          "lp",
          "mail",
          "man",
          "messagebus",
          "netdev",
          "news",
          "nobody",
          "nogroup",
          "operator",
          "plugdev",
          "proxy",
          "render",
          "root",
          "sasl",
          "sgx",
          "shadow",
          "src",
          "ssh",
          "sshd",
          "staff",
          "sudo",
          "sync",
          "sys",
          "tape",
          "tty",
          "users",
          "utmp",
          "uucp",
          "video",
          "voice",
          "www-data");

  /** Checks names. */
  public CloudSeed {
    if (!isUserName(user)) {
      throw new IllegalArgumentException(
          "a user's name on Debian is of lower-case letters, digits, '_' and '-', up to 32, and"
              + " none that Debian has already: "
              + printable(user));
    }
    if (!hostname.matches("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")) {
      throw new IllegalArgumentException(
          "a host's name is of letters, digits and '-', up to 63: " + printable(hostname));
    }
    if (keys.size() > MAX_KEYS || cards < 0 || cards > MAX_CARDS) {
      throw new IllegalArgumentException(
          "up to " + MAX_KEYS + " keys and " + MAX_CARDS + " network cards");
    }
    for (String key : keys) {
      if (!isPublicKey(key)) {
        throw new IllegalArgumentException("no public key of ssh: " + printable(key));
      }
    }
    if (password.isPresent() && !password.get().matches("\\P{Cntrl}{1,200}")) {
      throw new IllegalArgumentException(
          "a password has 1 to 200 characters, no control characters");
    }
    keys = List.copyOf(keys);
  }

  /** Whether a user of this name can be made on a new Debian. */
  public static boolean isUserName(String name) {
    return name.matches("[a-z_][a-z0-9_-]{0,31}")
        && !name.startsWith("systemd-")
        && !TAKEN.contains(name);
  }

  /** Whether a line is a public key as {@code ssh-keygen} writes it, or one with options. */
  public static boolean isPublicKey(String line) {
    return line.length() <= 16_384
        && line.matches(
            "(\\S.* )?(ssh-(rsa|dss|ed25519)|ecdsa-sha2-\\S+|sk-\\S+@openssh\\.com)"
                + " [A-Za-z0-9+/]+={0,2}( \\P{Cntrl}*)?");
  }

  private static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  /** The file {@code user-data}. */
  public String userData() {
    return "#cloud-config\n"
        + json(json -> {
          json.writeStringField("hostname", hostname);
          json.writeBooleanField("manage_etc_hosts", true);
          json.writeBooleanField("ssh_pwauth", password.isPresent());
          json.writeArrayFieldStart("users");
          writeUser(json);
          json.writeEndArray();
          if (password.isEmpty()) {
            json.writeArrayFieldStart("write_files");
            json.writeStartObject();
            json.writeStringField("path", CONSOLE_LOGIN);
            json.writeStringField("content", "AUTOLOGIN=\"--autologin " + user + "\"\n");
            json.writeEndObject();
            json.writeEndArray();
          }
        });
  }

  private void writeUser(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", user);
    json.writeStringField("groups", "sudo, adm, systemd-journal");
    json.writeStringField("sudo", "ALL=(ALL) NOPASSWD:ALL");
    json.writeStringField("shell", "/bin/bash");
    json.writeBooleanField("lock_passwd", password.isEmpty());
    if (password.isPresent()) {
      json.writeStringField("plain_text_passwd", password.get());
    }
    json.writeArrayFieldStart("ssh_authorized_keys");
    for (String key : keys) {
      json.writeString(key);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  /**
   * The file {@code meta-data}. What was set up for an instance is not set up again, so the
   * instance is another where the settings are.
   */
  public String metaData() {
    String settings = userData() + networkConfig();
    return json(json -> {
      json.writeStringField("instance-id", "wardian-" + sha256(settings).substring(0, 16));
      json.writeStringField("local-hostname", hostname);
    })
        + "\n";
  }

  /** The file {@code network-config}, version 2. Cards are called {@code eth0} and so on. */
  public String networkConfig() {
    return json(json -> {
      json.writeNumberField("version", 2);
      json.writeObjectFieldStart("ethernets");
      for (int n = 0; n < cards; n++) {
        json.writeObjectFieldStart("eth" + n);
        json.writeBooleanField("dhcp4", true);
        json.writeEndObject();
      }
      json.writeEndObject();
    })
        + "\n";
  }

  /**
   * Writes the volume.
   *
   * @param file must not exist
   */
  public void write(Path file) throws IOException {
    try (IsoWriter volume =
        new IsoWriter(file, LABEL, List.of("meta-data", "network-config", "user-data"))) {
      volume.next(metaData().getBytes(StandardCharsets.UTF_8));
      volume.next(networkConfig().getBytes(StandardCharsets.UTF_8));
      volume.next(userData().getBytes(StandardCharsets.UTF_8));
      volume.finish();
    }
  }

  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  private static String json(Fields fields) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    return text.toString();
  }

  private static String sha256(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
