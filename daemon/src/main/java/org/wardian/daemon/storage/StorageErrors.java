package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.wardian.definition.xml.XmlException;
import org.wardian.host.EntryException;
import org.wardian.host.Errno;
import org.wardian.host.HostException;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.NoSpaceException;

/** Errors of storage in libvirt's numbers and words. */
final class StorageErrors {
  private StorageErrors() {}

  static LibvirtException of(ErrorNumber number, String detail) {
    return new LibvirtException(number, ErrorDomain.STORAGE, detail);
  }

  static LibvirtException invalid(String detail) {
    return of(ErrorNumber.OPERATION_INVALID, detail);
  }

  static LibvirtException failed(String detail) {
    return of(ErrorNumber.OPERATION_FAILED, detail);
  }

  static LibvirtException unsupported(String detail) {
    return of(ErrorNumber.CONFIG_UNSUPPORTED, detail);
  }

  static LibvirtException noSupport(String detail) {
    return of(ErrorNumber.NO_SUPPORT, detail);
  }

  /** What was wrong with a document, which libvirt calls by a name in such errors. */
  static LibvirtException of(XmlException e, String document) {
    if (e.kind() == XmlException.Kind.NOT_WELL_FORMED) {
      return new LibvirtException(
          ErrorNumber.XML_DETAIL, ErrorDomain.XML, e.of("(" + document + ")"), e);
    }
    return new LibvirtException(
        ErrorNumber.of(e.kind().code()), ErrorDomain.STORAGE, e.getMessage(), e);
  }

  /** What the host refused: what was done, and the host's own words. */
  static LibvirtException system(String doing, IOException e) {
    return new LibvirtException(
        ErrorNumber.SYSTEM_ERROR, ErrorDomain.STORAGE, doing + ": " + reason(e), e);
  }

  static LibvirtException system(String doing, EntryException e) {
    return new LibvirtException(
        ErrorNumber.SYSTEM_ERROR, ErrorDomain.STORAGE, doing + ": " + e.getMessage(), e);
  }

  static LibvirtException system(String doing, HostException e) {
    return new LibvirtException(
        ErrorNumber.SYSTEM_ERROR, ErrorDomain.STORAGE, doing + ": " + Errno.text(e.errno()), e);
  }

  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "No such file or directory";
      case FileAlreadyExistsException there -> "File exists";
      case DirectoryNotEmptyException full -> "Directory not empty";
      case NotDirectoryException none -> "Not a directory";
      case AccessDeniedException denied -> "Permission denied";
      case NoSpaceException full when full.getMessage().contains("too large") -> "File too large";
      case NoSpaceException full -> "No space left on device";
      case FileSystemException other when other.getReason() != null -> other.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }
}
