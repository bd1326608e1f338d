package org.wardian.boot.catalogue;

/**
 * What a signed index promises of a file.
 *
 * @param path the file's path below the archive's address
 * @param size in bytes
 * @param sha256 lower-case hexadecimal
 */
record ExpectedFile(String path, long size, String sha256) {
  ExpectedFile {
    if (size < 0 || !Sha256.isHex(sha256) || !isSafe(path)) {
      throw new IllegalArgumentException("not a file of an archive: " + path);
    }
  }

  /** The last part of the path. */
  String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** A relative path that stays below the archive, and needs no escape in an address. */
  private static boolean isSafe(String path) {
    if (path.isEmpty() || path.length() > 1024 || !path.matches("[A-Za-z0-9._+~:/-]+")) {
      return false;
    }
    for (String part : path.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        return false;
      }
    }
    return true;
  }
}
