package org.wardian.conformance.firmware;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** What the Debian mirror has for an installer, as this host sees it. */
final class InstallerMirror {
  /** Its name, which the guest is told. */
  static final String HOST = "deb.debian.org";

  private static final String ROOT = "http://" + HOST + "/debian/";
  private static final int LIMIT_MILLISECONDS = 20_000;

  /** The first part that an installer fetches. */
  private static final String PART = "/apt-mirror-setup_";

  private InstallerMirror() {}

  /** The file of an installer's part, by the mirror's list; empty where the list is not had. */
  static Optional<String> part(String architecture) {
    String list = "dists/bookworm/main/debian-installer/binary-%s/Packages.gz";
    try (InputStream content = connection(list.formatted(architecture)).getInputStream();
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(new GZIPInputStream(content), StandardCharsets.UTF_8))) {
      return lines
          .lines()
          .filter(line -> line.startsWith("Filename: ") && line.contains(PART))
          .map(line -> line.substring("Filename: ".length()))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Whether the mirror gives a file that its list names; some keep packages alone. */
  static boolean gives(String file) throws IOException {
    HttpURLConnection connection = connection(file);
    connection.setRequestMethod("HEAD");
    return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
  }

  private static HttpURLConnection connection(String path) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(ROOT + path).toURL().openConnection();
    connection.setConnectTimeout(LIMIT_MILLISECONDS);
    connection.setReadTimeout(LIMIT_MILLISECONDS);
    return connection;
  }
}
