"""Every call to the service, and nothing else: functions from a `Service` to records of `cupola.models`.

`wire` alone knows the service's field names; `errors` turns what goes wrong into plain words; a key or token never
leaves `credentials` and the client that was made with it.
"""
