package org.wardian.daemon.domain;

import java.util.List;
import org.wardian.libvirt.constants.DomainJobOperation;
import org.wardian.libvirt.constants.DomainJobType;
import org.wardian.libvirt.wire.remote.DomainGetJobInfoRet;
import org.wardian.libvirt.wire.remote.TypedParam;

/** How far a long job of a domain is, or how it ended. */
interface JobFigures {
  /** Running, completed, failed, ... */
  DomainJobType type();

  /** What is done. */
  DomainJobOperation operation();

  /** As the older call has them. */
  DomainGetJobInfoRet info();

  /** As the newer call and the event have them. */
  List<TypedParam> params();
}
