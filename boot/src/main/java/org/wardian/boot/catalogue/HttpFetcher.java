package org.wardian.boot.catalogue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URL;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * Fetches files by HTTP, checking size and SHA-256 while they stream by. A connection that fails or
 * breaks is tried once more from the start.
 *
 * <p>Uses {@link HttpURLConnection}: unlike {@code java.net.http} it bounds the wait for each piece
 * of a body, so a mirror that stalls in the middle of a kernel is noticed.
 */
final class HttpFetcher {
  private static final int CONNECT_TIMEOUT_MILLIS = 15_000;
  private static final int READ_TIMEOUT_MILLIS = 30_000;
  private static final int MAX_REDIRECTS = 5;
  private static final int BUFFER_BYTES = 64 << 10;
  private static final long RETRY_PAUSE_MILLIS = 500;

  private final ProxySettings proxies;
  private final ProgressListener progress;

  HttpFetcher(ProxySettings proxies, ProgressListener progress) {
    this.proxies = proxies;
    this.progress = progress;
  }

  /** The connection failed or broke; worth a second attempt. */
  private static final class BrokenConnection extends IOException {
    private static final long serialVersionUID = 1L;

    BrokenConnection(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** One attempt; tells where the bytes go, anew for each attempt. */
  private interface Attempt<T> {
    T run() throws IOException;
  }

  /**
   * Fetches a small file whose content vouches for itself, by a signature.
   *
   * @param limit the largest size accepted, in bytes
   */
  byte[] fetchSigned(URI address, String name, int limit) throws CatalogueException {
    return retried(
        address,
        () -> {
          ByteArrayOutputStream content = new ByteArrayOutputStream();
          HttpURLConnection connection = open(address);
          long length = connection.getContentLengthLong();
          progress.fileStarted(name, length);
          long received = copy(connection, content, null, limit);
          if (received > limit) {
            throw new CatalogueException(
                Kind.HASH_MISMATCH, "refused " + address + ": larger than " + limit + " bytes");
          }
          return content.toByteArray();
        });
  }

  /**
   * Fetches a file of an archive to a new file of our own, which is removed again if anything is
   * wrong.
   *
   * @param address where it is
   * @param name what to call it to the user
   * @param expected what the archive's index promises
   * @param target the file to create
   */
  void fetch(URI address, String name, ExpectedFile expected, Path target)
      throws CatalogueException {
    boolean complete = false;
    try {
      retried(
          address,
          () -> {
            fetchOnce(address, name, expected, target);
            return target;
          });
      complete = true;
    } finally {
      if (!complete) {
        discard(target);
      }
    }
  }

  private void fetchOnce(URI address, String name, ExpectedFile expected, Path target)
      throws IOException {
    HttpURLConnection connection = open(address);
    long length = connection.getContentLengthLong();
    if (length >= 0 && length != expected.size()) {
      connection.disconnect();
      throw mismatch(address, "size", expected.size() + " bytes", length + " bytes");
    }
    CacheFiles.requireSpace(target.getParent(), expected.size());
    progress.fileStarted(name, expected.size());
    MessageDigest digest = Sha256.newDigest();
    long received;
    try (OutputStream file = create(target)) {
      received = copy(connection, new DiskStream(file, target), digest, expected.size());
    }
    if (received != expected.size()) {
      String got = received > expected.size() ? "more" : received + " bytes";
      throw mismatch(address, "size", expected.size() + " bytes", got);
    }
    String sha256 = Sha256.hex(digest);
    if (!sha256.equals(expected.sha256())) {
      throw mismatch(address, "SHA-256", expected.sha256(), sha256);
    }
  }

  private static CatalogueException mismatch(URI file, String what, String expected, String got) {
    return new CatalogueException(
        Kind.HASH_MISMATCH,
        "refused "
            + file
            + ": "
            + what
            + " is wrong (expected "
            + expected
            + ", got "
            + got
            + "); the mirror is being updated or the file was changed: try later, or "
            + DebianMirrors.remedy(file));
  }

  private static OutputStream create(Path target) throws CatalogueException {
    try {
      return Files.newOutputStream(
          target,
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.WRITE);
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw CacheFiles.translate(e, target.getParent());
    }
  }

  /** Keeps an error of the disk apart from one of the network: only the latter is tried again. */
  private static final class DiskStream extends OutputStream {
    private final OutputStream file;
    private final Path target;

    DiskStream(OutputStream file, Path target) {
      this.file = file;
      this.target = target;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] data, int offset, int length) throws IOException {
      try {
        file.write(data, offset, length);
      } catch (IOException e) {
        throw CacheFiles.translate(e, target.getParent());
      }
    }
  }

  private <T> T retried(URI address, Attempt<T> attempt) throws CatalogueException {
    for (boolean again = false; ; again = true) {
      boolean done = false;
      try {
        T result = attempt.run();
        done = true;
        progress.fileFinished();
        return result;
      } catch (BrokenConnection e) {
        if (again) {
          throw new CatalogueException(
              Kind.OFFLINE,
              "cannot fetch "
                  + address
                  + ": "
                  + e.getMessage()
                  + proxies.describe(address)
                  + "; check the network, set http_proxy if there is a proxy, or "
                  + DebianMirrors.remedy(address),
              e);
        }
        pause();
      } catch (CatalogueException e) {
        throw e;
      } catch (IOException e) {
        throw new CatalogueException(Kind.OFFLINE, "cannot fetch " + address + ": " + reason(e), e);
      } finally {
        if (!done) {
          progress.fileFailed();
        }
      }
    }
  }

  private static void pause() throws CatalogueException {
    try {
      Thread.sleep(RETRY_PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CatalogueException(Kind.OFFLINE, "interrupted", e);
    }
  }

  /** Connects, follows redirects, and returns a connection whose status is 200. */
  private HttpURLConnection open(URI first) throws IOException {
    URI address = first;
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      HttpURLConnection connection = request(address);
      int status;
      try {
        status = connection.getResponseCode();
      } catch (IOException e) {
        throw new BrokenConnection(reason(e), e);
      }
      if (status == HttpURLConnection.HTTP_OK) {
        return connection;
      }
      String location = connection.getHeaderField("Location");
      connection.disconnect();
      if (status / 100 != 3 || location == null) {
        throw refusedStatus(address, status);
      }
      address = redirected(address, location);
    }
    throw new CatalogueException(
        Kind.HTTP_STATUS, "cannot fetch " + first + ": more than " + MAX_REDIRECTS + " redirects");
  }

  private HttpURLConnection request(URI address) throws IOException {
    URL url = address.toURL();
    HttpURLConnection connection =
        (HttpURLConnection) url.openConnection(proxies.proxyFor(address));
    connection.setConnectTimeout(CONNECT_TIMEOUT_MILLIS);
    connection.setReadTimeout(READ_TIMEOUT_MILLIS);
    connection.setInstanceFollowRedirects(false);
    connection.setUseCaches(false);
    connection.setRequestProperty("User-Agent", "Wardian");
    proxies
        .authorization(address)
        .ifPresent(value -> connection.setRequestProperty("Proxy-Authorization", value));
    return connection;
  }

  private static URI redirected(URI from, String location) throws CatalogueException {
    try {
      URI to = from.resolve(location);
      String scheme = String.valueOf(to.getScheme());
      if (to.getHost() != null && (scheme.equals("http") || scheme.equals("https"))) {
        return to;
      }
    } catch (IllegalArgumentException e) {
      throw badRedirect(from, e);
    }
    throw badRedirect(from, null);
  }

  private static CatalogueException badRedirect(URI from, Exception cause) {
    return new CatalogueException(
        Kind.HTTP_STATUS, "cannot fetch " + from + ": redirected to no http address", cause);
  }

  private static CatalogueException refusedStatus(URI address, int status) {
    boolean missing =
        status == HttpURLConnection.HTTP_NOT_FOUND || status == HttpURLConnection.HTTP_GONE;
    return new CatalogueException(
        missing ? Kind.NOT_FOUND : Kind.HTTP_STATUS,
        missing
            ? "the mirror does not have "
                + address
                + " (HTTP "
                + status
                + "); "
                + DebianMirrors.remedy(address)
            : "cannot fetch " + address + ": the server answered with HTTP status " + status);
  }

  /**
   * Copies the body.
   *
   * @param digest to feed, or null
   * @param limit bytes after which to stop
   * @return how many bytes came; one more than {@code limit} if there were more
   */
  private long copy(
      HttpURLConnection connection, OutputStream out, MessageDigest digest, long limit)
      throws IOException {
    long length = connection.getContentLengthLong();
    byte[] buffer = new byte[BUFFER_BYTES];
    long received = 0;
    try (InputStream in = body(connection)) {
      while (true) {
        int count = read(in, buffer, received, length);
        if (count < 0) {
          break;
        }
        if (received + count > limit) {
          connection.disconnect();
          return limit + 1;
        }
        if (digest != null) {
          digest.update(buffer, 0, count);
        }
        out.write(buffer, 0, count);
        received += count;
        progress.fileAdvanced(received);
      }
    }
    if (received < length) {
      throw new BrokenConnection(cutOff(received, length), null);
    }
    return received;
  }

  private static InputStream body(HttpURLConnection connection) throws BrokenConnection {
    try {
      return connection.getInputStream();
    } catch (IOException e) {
      throw new BrokenConnection(reason(e), e);
    }
  }

  private static int read(InputStream in, byte[] buffer, long received, long length)
      throws BrokenConnection {
    try {
      return in.read(buffer);
    } catch (IOException e) {
      throw new BrokenConnection(cutOff(received, length) + " (" + reason(e) + ")", e);
    }
  }

  private static String cutOff(long received, long length) {
    return "the connection broke after "
        + received
        + (length < 0 ? " bytes" : " of " + length + " bytes");
  }

  private static String reason(IOException e) {
    if (e instanceof UnknownHostException) {
      return "unknown host " + e.getMessage();
    }
    if (e instanceof SocketTimeoutException) {
      return "no answer in time";
    }
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message.lines().findFirst().orElse("");
  }

  private static void discard(Path target) {
    try {
      Files.deleteIfExists(target);
    } catch (IOException | ReadOnlyFileSystemException e) {
      // The folder around it is removed too, and the first error is the one to report.
      return;
    }
  }
}
