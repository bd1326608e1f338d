package org.wardian.libvirt.error;

import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorLevel;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.wire.remote.ErrorDetails;

/**
 * What a daemon could not do, with libvirt's number and the part of libvirt that it is about.
 * Clients decide by the number, so it has to be the one that libvirt gives.
 */
public final class LibvirtException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient ErrorDetails details;

  /**
   * An error as libvirt itself words it.
   *
   * @param number what kind
   * @param domain which part of libvirt
   * @param detail what comes after the words of that kind, such as a name; perhaps empty
   */
  public LibvirtException(ErrorNumber number, ErrorDomain domain, String detail) {
    this(number, domain, detail, null);
  }

  /**
   * The same, with what caused it.
   *
   * @param cause for the log; not sent
   */
  public LibvirtException(ErrorNumber number, ErrorDomain domain, String detail, Throwable cause) {
    this(
        new ErrorDetails(
            number.number(),
            domain.number(),
            ErrorText.format(number, detail).replace("%s", detail),
            ErrorLevel.ERROR.number(),
            null,
            ErrorText.format(number, detail),
            detail.isEmpty() ? null : detail,
            null,
            -1,
            -1,
            null),
        cause);
  }

  /** An error that a daemon sent. */
  public LibvirtException(ErrorDetails details) {
    this(details, null);
  }

  private LibvirtException(ErrorDetails details, Throwable cause) {
    super(details.message() == null ? "error " + details.code() : details.message(), cause);
    this.details = details;
  }

  /** The number of the kind. */
  public int code() {
    return details.code();
  }

  /** The kind; null where this version has no name for {@link #code()}. */
  public ErrorNumber number() {
    return ErrorNumber.of(details.code());
  }

  /** The part of libvirt; null where this version has no name for its number. */
  public ErrorDomain domain() {
    return ErrorDomain.of(details.domain());
  }

  /** Whether it is of a kind. */
  public boolean is(ErrorNumber number) {
    return details.code() == number.number();
  }

  /** All that is sent. */
  public ErrorDetails details() {
    return details;
  }
}
