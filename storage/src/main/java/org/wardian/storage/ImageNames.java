package org.wardian.storage;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.wardian.storage.nbd.NbdPath;
import org.wardian.storage.nbd.NbdUri;

/**
 * Names of files within images, where relative ones start from the image's own folder, and names of
 * images that a user gives.
 */
public final class ImageNames {
  private ImageNames() {}

  /**
   * The image that a user means: a file, or an export of a server by its {@link NbdUri URI}.
   *
   * @throws IllegalArgumentException where it can be neither
   */
  public static Path given(String text) {
    return NbdUri.matches(text) ? new NbdPath(NbdUri.parse(text)) : Path.of(text);
  }

  /**
   * The file that {@code image} means by {@code name}.
   *
   * @throws ImageFormatException where the name is none of a file here: a URL, or QEMU's json
   */
  public static Path resolve(Path image, String name) throws ImageFormatException {
    String plain = name.startsWith("file:") ? name.substring("file:".length()) : name;
    int colon = plain.indexOf(':');
    int slash = plain.indexOf('/');
    boolean protocol = colon > 0 && (slash < 0 || colon < slash);
    if (protocol && plain.substring(0, colon).matches("[a-z][a-z0-9+.-]*")) {
      throw new ImageFormatException(
          image
              + " refers to "
              + printable(name)
              + ", which is no file; only files can stand behind an image here");
    }
    try {
      return image.toAbsolutePath().resolveSibling(plain);
    } catch (InvalidPathException e) {
      throw new ImageFormatException(
          image + " refers to " + printable(name) + ", which cannot be a file's name");
    }
  }

  /** A text from an image for a message: control characters are taken out. */
  public static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
