package org.wardian.cli;

import org.wardian.boot.catalogue.CatalogueException;

/** Gives each kind of trouble with the guest catalogue its status. */
final class CatalogueFailure {
  private CatalogueFailure() {}

  static Failure of(CatalogueException e) {
    ExitStatus status =
        switch (e.kind()) {
          case OFFLINE, NOT_FOUND, HTTP_STATUS, HASH_MISMATCH, BAD_SIGNATURE, EXPIRED, MALFORMED ->
              ExitStatus.DOWNLOAD;
          case NO_SPACE, NOT_WRITABLE, CORRUPT_CACHE -> ExitStatus.STORAGE;
          case BUILD_FAILED -> ExitStatus.BUILD_FAILED;
          case UNKNOWN_GUEST, BAD_SETTING -> ExitStatus.USAGE;
        };
    return new Failure(status, e.getMessage(), e);
  }
}
