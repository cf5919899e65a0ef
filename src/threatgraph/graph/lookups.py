"""Look-ups: records by name, lists of records, and what links to a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from threatgraph.lookup import complete, resolve
from threatgraph.store import Store
from threatgraph.table import Table

if TYPE_CHECKING:
    from threatgraph.description import Description
    from threatgraph.records import Link, Record


class Lookups:
    """The methods of :class:`~threatgraph.ThreatGraph` that look records up."""

    store: Store

    def resolve(self, identifier: str, kind: str | None = None) -> str:
        """Return the IRI of the record that an identifier names.

        Args:
            identifier: a code (``PAT-SYS-005``), a slug (``goal-drift``), a prefixed name
                (``eu-ai-act:article-14``), a label, or an IRI. Upper and lower case are equal.
            kind: the kind of the record, such as ``pattern``; any kind by default.

        Raises:
            UnknownName: if the record does not exist; the message suggests similar names.
            AmbiguousName: if several records have this name; the message lists them.

        Example:
            >>> graph.resolve("PAT-AGT-003")
            'https://w3id.org/threatgraph/pattern/goal-drift'
        """
        return resolve(self.store, identifier, kind)

    def record(self, identifier: str, kind: str | None = None) -> Record:
        """Return the record that an identifier names; arguments and errors as in :meth:`resolve`.

        Example:
            >>> graph.record("eu-ai-act:article-14").label
            'Human oversight'
        """
        from threatgraph.records import read_record

        return read_record(self.store, self.resolve(identifier, kind))

    def pattern(self, identifier: str) -> Record:
        """Return a threat pattern; identifiers and errors as in :meth:`resolve`.

        Example:
            >>> graph.pattern("goal-drift").text("severity")
            'High'
        """
        return self.record(identifier, "pattern")

    def incident(self, identifier: str) -> Record:
        """Return an incident; identifiers and errors as in :meth:`resolve`."""
        return self.record(identifier, "incident")

    def domain(self, identifier: str) -> Record:
        """Return a domain; identifiers and errors as in :meth:`resolve`."""
        return self.record(identifier, "domain")

    def causal_factor(self, identifier: str) -> Record:
        """Return a causal factor; identifiers and errors as in :meth:`resolve`."""
        return self.record(identifier, "causal-factor")

    def group(self, identifier: str) -> Record:
        """Return an affected group; identifiers and errors as in :meth:`resolve`."""
        return self.record(identifier, "group")

    def framework(self, identifier: str) -> Record:
        """Return a framework; identifiers and errors as in :meth:`resolve`."""
        return self.record(identifier, "framework")

    def provision(self, identifier: str) -> Record:
        """Return a provision of a framework; identifiers and errors as in :meth:`resolve`.

        Example:
            >>> graph.provision("eu-ai-act:article-14").label
            'Human oversight'
        """
        return self.record(identifier, "provision")

    def complete(self, prefix: str, kind: str | None = None) -> Mapping[str, str]:
        """Return the codes, slugs and prefixed names of records that begin with a prefix, with their labels.

        Args:
            prefix: the beginning, in upper or lower case.
            kind: only records of this kind.

        Example:
            >>> graph.complete("PAT-AGT-003")
            {'PAT-AGT-003': 'Goal Drift'}
        """
        return complete(self.store, prefix, kind)

    def inbound(self, record: str | Record) -> Mapping[str, tuple[Link, ...]]:
        """Return the links from other records to a record, or to one of its parts.

        Shortcuts that the graph derives from other links, such as ``tg:affects``, are left out.

        Args:
            record: a record, or its identifier.

        Returns:
            The records that link here, by the local name of the property.

        Raises:
            UnknownName: if the record does not exist.
            AmbiguousName: if several records have this name.

        Example:
            >>> sorted(graph.inbound("DOM-AGT"))[:1]
            ['domain']
        """
        from threatgraph.records import read_inbound

        return read_inbound(self.store, self.resolve(record) if isinstance(record, str) else record.iri)

    def list(
        self,
        kind: str,
        /,
        *,
        since: str | None = None,
        until: str | None = None,
        columns: Sequence[str] | None = None,
        sort: str | None = None,
        limit: int | None = None,
        **where: str | Sequence[str],
    ) -> Table:
        """List the records of a kind.

        Args:
            kind: a kind of record, or its plural: ``incident``, ``incidents``.
            since: list only records dated on or after this date: ``2024``, ``2024-08`` or ``2024-08-01``.
            until: list only records dated on or before this date.
            columns: the properties to show; by default, a few for each kind.
            sort: the property to sort by, such as ``severity``, or ``-severity`` for descending order.
            limit: the maximum number of records.
            where: properties and values, such as ``severity="high"``. A record must match every property. Several
                values of one property are alternatives. A value is an identifier of a record, or the text or number
                itself.

        Returns:
            The chosen columns, then ``record`` with the IRI. Each column of IRIs is followed by a column of labels.

        Raises:
            UnknownName: for an unknown kind, property or value.
            AmbiguousName: if several records have the name of a value.
            InvalidQuery: for a date that is not valid, a kind without dates, or a limit below 1.

        Example:
            >>> table = graph.list("patterns", domain="DOM-AGT", severity="high", limit=3)
            >>> table.column("severity_label")[0]
            'High'
        """
        from threatgraph.listing import list_records

        return list_records(
            self.store, kind, where=where, since=since, until=until, columns=columns, sort=sort, limit=limit
        )

    def schema(self, term: str | None = None) -> Description:
        """Explain the ontology, or one of its classes and properties.

        Args:
            term: a class or property: a prefixed name (``tg:severity``), a local name, a label or an IRI. By default,
                all classes and prefixes.

        Returns:
            The description; print it, or display it in a notebook. For a class it has the properties with their
            values and cardinality, for a property the classes that use it.

        Raises:
            UnknownName: for an unknown term; the message suggests similar terms.

        Example:
            >>> graph.schema("tg:ThreatPattern").facts["kind"]
            'pattern'
            >>> "tg:Incident" in graph.schema().tables["Classes"].column("class")
            True
        """
        from threatgraph.schema import describe_schema, describe_term

        return describe_schema(self.store) if term is None else describe_term(self.store, term)

    def stats(self) -> Table:
        """Count the records of each kind, the files and the triples.

        Returns:
            One row for each count, with the columns ``what`` and ``count``.

        Example:
            >>> graph.stats().columns
            ('what', 'count')
        """
        from threatgraph.counts import count_records

        return count_records(self.store)
