package org.wardian.storage.qcow2;

import java.io.IOException;

/** Tables that cannot be right; the image adds its name and keeps writers off from then on. */
final class CorruptMappingException extends IOException {
  CorruptMappingException(String message) {
    super(message);
  }
}
