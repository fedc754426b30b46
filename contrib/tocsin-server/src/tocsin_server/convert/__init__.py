"""``tocsin convert``: Alertmanager's configuration as an equivalent one of tocsin's.

``reading`` makes a document of the text, ``conversion`` calls those who know the parts of it (``routes``,
``receivers``, ``inhibitions``, ``intervals``), ``remarks`` gathers what they could not carry over, and ``writing``
makes the new text.
"""

from tocsin_server.convert.conversion import Conversion, converted
from tocsin_server.convert.remarks import NotAlertmanagerError, Remark
from tocsin_server.convert.writing import as_yaml

__all__ = ["Conversion", "NotAlertmanagerError", "Remark", "as_yaml", "converted"]
